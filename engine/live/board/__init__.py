"""What an analyst on shift looks at, kept up to date from the ledger: figures, alerts, cases.

``board`` is what the dashboard calls, ``rows`` what it gets. ``parts`` reads the ledger by parts
that polars decodes, ``kept`` is what stays in memory of them: ``exposure`` by segments and cards,
``patterns`` the latest alerts for the questions about them, ``minutes``, ``answered`` flags, and
``alerts`` the feed. ``case`` opens one alert and asks the ledger then; ``cards`` remembers which
decisions were on a card, which the ledger has no index of.

The questions are those of ``sql/questions``: over arrivals in whole seconds, and over decisions of
a model. Fallbacks, which an export of the ledger leaves out unless it is asked for them, are in the
feed and among the transactions a minute, and in nothing else.
"""
