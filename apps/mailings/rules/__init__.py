"""The rule of an audience: who is a candidate, who of them is left out and why, and by what right.

A run keeps its rule as it stood at the launch, with the conditions of its segments, the moment and
the zone: freeze, resume, added recipients and every "why" read that copy. Form and API make the
same rule of what is filled in.
"""

from apps.mailings.rules.asked import (
    ConditionGone,
    ConditionsChanged,
    asking,
    asking_no_more,
    bits_of_one,
    kept_terms,
    terms_in,
    with_bits,
)
from apps.mailings.rules.audience import RuledAudience, audience_of_run
from apps.mailings.rules.candidates import candidates, living, terms_of
from apps.mailings.rules.reasons import exclusions_of, reasoned, unbarred
from apps.mailings.rules.rule import (
    Exclusions,
    Rule,
    SegmentTerm,
    Window,
    languages_asked,
    rule_of,
    rule_of_run,
)
from apps.mailings.rules.why import FILTER, Term, Verdict, verdict_on

__all__ = [
    "ConditionGone",
    "ConditionsChanged",
    "Exclusions",
    "FILTER",
    "Rule",
    "RuledAudience",
    "SegmentTerm",
    "Term",
    "Verdict",
    "Window",
    "asking",
    "asking_no_more",
    "audience_of_run",
    "bits_of_one",
    "candidates",
    "exclusions_of",
    "kept_terms",
    "languages_asked",
    "living",
    "reasoned",
    "rule_of",
    "rule_of_run",
    "terms_in",
    "terms_of",
    "unbarred",
    "verdict_on",
    "with_bits",
]
