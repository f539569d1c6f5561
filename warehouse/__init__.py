"""What SQL users see: the contract (schema.sql), the aggregates and ready-made queries."""
