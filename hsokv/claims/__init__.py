"""What the source documents claim, judged by the committed rows."""

from hsokv.claims.findings import evaluate
from hsokv.claims.ledger import Claim, judge, read_claims

__all__ = ["Claim", "evaluate", "judge", "read_claims"]
