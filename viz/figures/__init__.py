"""From arrays to Plotly figures; nothing else imports Plotly."""
