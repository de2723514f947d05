"""The script for a business's own pages: `bb.js`, served as it is, without a build step. See docs/collector.md."""
