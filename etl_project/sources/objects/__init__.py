"""Sources in object stores, read by obstore, which only this folder imports and only where a source needs it."""
