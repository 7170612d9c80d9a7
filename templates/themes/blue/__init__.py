"""The theme of labreport: deep blue and warm orange."""
