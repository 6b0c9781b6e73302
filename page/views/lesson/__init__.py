"""The view "Lesson": eight steps, each with a question first, then what the page shows, then a task."""
