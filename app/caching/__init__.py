"""Pictures that are asked for often, and how one knows that they may still be shown."""
