"""The view "Side by side": the photograph beside a panel a layer."""
