"""What a site of Hugo says about its posts: settings, languages, mounts, sections and cascades."""
