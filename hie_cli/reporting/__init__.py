"""Pages in HTML: of a results folder (``hie report``), of an evaluation (``hie eval --html``)."""
