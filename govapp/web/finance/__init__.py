"""Money over many measures: roll-ups, confirmations, periods, rates, cost objects, operating figures."""
