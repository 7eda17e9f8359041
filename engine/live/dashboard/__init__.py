"""What an analyst on shift looks at: pages, their script, and what they ask of the scorer.

``routes`` puts it together; ``keeping_up`` has the board in a thread of its own, ``streaming`` and
``alerts`` tell what it says, ``labels`` takes what analysts say. ``making`` makes what is made
once, in a process of its own.
"""
