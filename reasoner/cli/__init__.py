"""The command line. stdout carries answers alone; everything else goes to stderr.

One file a command; each imports what it needs when it runs, so that ``--help`` is quick.
"""
