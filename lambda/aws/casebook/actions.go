package casebook

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/domain/cases"
)

// claimActions is the claim: five actions on five items (four without a group),
// in the order of the action constants.
func (b *Book) claimActions(c cases.Case, r cases.Request) []types.TransactWriteItem {
	keys := keysOf(c.DryRun)
	actions := []types.TransactWriteItem{
		{ConditionCheck: &types.ConditionCheck{
			TableName: &b.Table, Key: leverKey(), ConditionExpression: aws.String("attribute_not_exists(pk)"),
		}},
		{Put: &types.Put{
			TableName: &b.Table, Item: caseItem(c), ConditionExpression: aws.String("attribute_not_exists(pk)"),
		}},
		{Update: b.claimInstance(c, r)},
		{Put: b.claimSlot(c, keys.budget(), c.Hold.BudgetSlot, c.SlotUntil())},
	}
	if c.Hold.Group != "" {
		actions = append(actions, types.TransactWriteItem{
			Put: b.claimSlot(c, keys.group(c.Hold.Group), c.Hold.GroupSlot, c.OpenUntil()),
		})
	}
	return actions
}

func caseItem(c cases.Case) item {
	keys := keysOf(c.DryRun)
	it := keys.caseKey(c.ID)
	for name, v := range map[string]string{
		attrCase: c.ID, attrInstance: c.InstanceID, attrState: string(c.State), attrNonce: c.Hold.Nonce,
		attrClaimedAt: stamp(c.ClaimedAt), attrOpenKey: keys.open(), attrOpenedAt: stamp(c.ClaimedAt),
		attrGroup: c.Hold.Group, attrReason: c.Origin.Reason, attrBy: c.Origin.RequestedBy,
		attrSourceKey: c.Origin.SourceKey, attrKind: c.Origin.Kind, attrSource: c.Origin.Source,
		attrAlarm: c.Origin.Alarm, attrForced: strings.Join(c.Origin.Forced, ","), attrVitals: encodeVitals(c.Vitals),
	} {
		if v != "" {
			it[name] = str(v)
		}
	}
	it[attrBudget] = num(int64(c.Hold.BudgetSlot))
	it[attrGroupSlot] = num(int64(c.Hold.GroupSlot))
	it[attrExpires] = expires(c.ClaimedAt.Add(KeepFor))
	return it
}

// claimInstance points the instance to its new case. The last claim before it
// is kept beside the new one, because a proven rejection gives it back.
func (b *Book) claimInstance(c cases.Case, r cases.Request) *types.Update {
	return &types.Update{
		TableName: &b.Table, Key: keysOf(c.DryRun).instanceKey(c.InstanceID),
		ConditionExpression: aws.String("attribute_not_exists(pk) OR " +
			"((attribute_not_exists(openCase) OR openCase = :none OR openUntil < :now) AND lastClaim <= :cutoff)"),
		UpdateExpression: aws.String("SET prevClaim = if_not_exists(lastClaim, :none), lastClaim = :now, " +
			"openCase = :case, openUntil = :openUntil, nonce = :nonce, expiresAt = :expires"),
		ExpressionAttributeValues: item{
			":none": str(""), ":now": str(stamp(c.ClaimedAt)), ":cutoff": str(stamp(c.ClaimedAt.Add(-r.Cooldown))),
			":case": str(c.ID), ":openUntil": str(stamp(c.OpenUntil())), ":nonce": str(c.Hold.Nonce),
			":expires": expires(c.ClaimedAt.Add(KeepFor)),
		},
	}
}

func (b *Book) claimSlot(c cases.Case, pk string, k int, lapses time.Time) *types.Put {
	it := key(pk, slotSK(k))
	it[attrCase], it[attrNonce], it[attrLapses] = str(c.ID), str(c.Hold.Nonce), str(stamp(lapses))
	it[attrExpires] = expires(lapses.Add(24 * time.Hour))
	return &types.Put{
		TableName: &b.Table, Item: it,
		ConditionExpression:       aws.String("attribute_not_exists(pk) OR lapsesAt < :now"),
		ExpressionAttributeValues: item{":now": str(stamp(c.ClaimedAt))},
	}
}
