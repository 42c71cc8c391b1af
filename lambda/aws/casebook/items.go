package casebook

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Attribute names. Many plain words (state, status, ttl, until, owner, group,
// region, open) are reserved in DynamoDB's expressions ("Reserved words in
// DynamoDB", Developer Guide); these are not, so expressions stay readable.
const (
	attrPK            = "pk"
	attrSK            = "sk"
	attrNonce         = "nonce"
	attrCase          = "caseId"
	attrInstance      = "instanceId"
	attrState         = "caseState"
	attrClaimedAt     = "claimedAt"
	attrSettledAt     = "settledAt"
	attrCode          = "errorCode"
	attrOpenKey       = "openKey"
	attrOpenedAt      = "openedAt"
	attrOpenCase      = "openCase"
	attrOpenUntil     = "openUntil"
	attrLastClaim     = "lastClaim"
	attrPrevClaim     = "prevClaim"
	attrLapses        = "lapsesAt"
	attrBudget        = "budgetSlot"
	attrGroup         = "caseGroup"
	attrGroupSlot     = "groupSlot"
	attrSentBy        = "sentBy"
	attrReason        = "reason"
	attrBy            = "requestedBy"
	attrSince         = "since"
	attrSeenAt        = "seenAt"
	attrSkippedBefore = "skippedBefore"
	attrEvidence      = "evidence"
	attrProtected     = "protected"
	attrNotedAt       = "notedAt"
	attrSourceKey     = "sourceKey"
	attrKind          = "triggerKind"
	attrSource        = "triggerSource"
	attrAlarm         = "alarm"
	attrForced        = "forced"
	attrVitals        = "vitals"    // a JSON list
	attrExpires       = "expiresAt" // the table's TTL attribute, in epoch seconds
)

// stampLayout has a fixed width and ends in Z, so that times compare as text.
const stampLayout = "2006-01-02T15:04:05.000Z"

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(stampLayout)
}

func parseStamp(s string) time.Time {
	t, err := time.Parse(stampLayout, s)
	if err != nil {
		return time.Time{} // the attribute is empty: only stamp writes it
	}
	return t
}

type item = map[string]types.AttributeValue

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func expires(t time.Time) types.AttributeValue { return num(t.Unix()) }

func key(pk, sk string) item { return item{attrPK: str(pk), attrSK: str(sk)} }

func leverKey() item { return key("lever", "lever") }

// dumpKey is the key of an instance's mark. Dry runs read the real one, and write none.
func dumpKey(instanceID string) item { return key("dump#"+instanceID, "dump") }

// number is a whole number of an item. An item without it has the number otherwise.
func number(it item, name string, otherwise int) int {
	k, err := strconv.Atoi(get(it, name))
	if err != nil {
		return otherwise
	}
	return k
}

// slotSK pads k, so that the slots sort by number.
func slotSK(k int) string { return fmt.Sprintf("slot#%05d", k) }

func get(it item, name string) string {
	switch v := it[name].(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	}
	return ""
}
