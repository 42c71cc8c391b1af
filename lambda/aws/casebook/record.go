package casebook

import (
	"strings"
	"time"

	"crashcart/lambda/domain/cases"
)

// recordOf reads a case out of its item.
func recordOf(it item, now time.Time) cases.Record {
	r := cases.Record{
		ID: get(it, attrCase), InstanceID: get(it, attrInstance),
		DryRun: isDryRun(get(it, attrPK)),
		State:  cases.State(get(it, attrState)),
		Origin: cases.Origin{
			SourceKey: get(it, attrSourceKey), Kind: get(it, attrKind), Source: get(it, attrSource), Alarm: get(it, attrAlarm),
			Reason: get(it, attrReason), RequestedBy: get(it, attrBy),
		},
		Vitals: decodeVitals(get(it, attrVitals)),
		Code:   get(it, attrCode), Notes: cases.Notes{Evidence: get(it, attrEvidence), Protected: get(it, attrProtected)},
		ClaimedAt: parseStamp(get(it, attrClaimedAt)), SettledAt: parseStamp(get(it, attrSettledAt)), NotedAt: parseStamp(get(it, attrNotedAt)),
		ClosedAt: parseStamp(get(it, attrClosedAt)), ClosedBy: get(it, attrClosedBy), ClosedWhy: get(it, attrClosedWhy),
		ClosedFrom: cases.State(get(it, attrClosedFrom)),
		Followup:   followupOf(it),
		Hold: cases.Hold{
			Nonce: get(it, attrNonce), Group: get(it, attrGroup), BudgetSlot: number(it, attrBudget, -1), GroupSlot: number(it, attrGroupSlot, -1),
		},
	}
	over := stamp(now) > stamp(cases.Case{DryRun: r.DryRun, ClaimedAt: r.ClaimedAt}.OpenUntil())
	unclosed := get(it, attrOpenKey) != ""
	r.Open, r.Lapsed = unclosed && !over, unclosed && over
	if forced := get(it, attrForced); forced != "" {
		r.Origin.Forced = strings.Split(forced, ",")
	}
	return r
}
