"""The themes that come with labreport, each a folder with its palette; see `docs/themes.md`."""
