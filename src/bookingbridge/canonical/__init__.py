"""The words everyone shares: records, events, ports, money, times, ids, errors. Standard library only."""
