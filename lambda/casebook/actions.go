package casebook

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// claimActions is the claim: five actions on five items (four without a group),
// in the order of the action constants.
func (b *Book) claimActions(c Case, r Request) []types.TransactWriteItem {
	p := prefix(c.Leashed)
	actions := []types.TransactWriteItem{
		{ConditionCheck: &types.ConditionCheck{
			TableName: &b.Table, Key: leverKey(), ConditionExpression: aws.String("attribute_not_exists(pk)"),
		}},
		{Put: &types.Put{
			TableName: &b.Table, Item: caseItem(c), ConditionExpression: aws.String("attribute_not_exists(pk)"),
		}},
		{Update: b.claimInstance(c, r)},
		{Put: b.claimSlot(c, budgetPK(p), c.budgetSlot, c.slotUntil())},
	}
	if c.group != "" {
		actions = append(actions, types.TransactWriteItem{
			Put: b.claimSlot(c, groupPK(p, c.group), c.groupSlot, c.openUntil()),
		})
	}
	return actions
}

// openUntil is when the case lapses if nobody closes it.
func (c Case) openUntil() time.Time {
	if c.Leashed {
		return c.ClaimedAt.Add(rehearsalFor)
	}
	return c.ClaimedAt.Add(OpenFor)
}

// slotUntil is when the case's budget slot is free again.
func (c Case) slotUntil() time.Time {
	if c.Leashed {
		return c.ClaimedAt.Add(rehearsalFor)
	}
	return c.ClaimedAt.Add(BudgetWindow)
}

func caseItem(c Case) item {
	it := caseKey(prefix(c.Leashed), c.ID)
	for name, v := range map[string]string{
		attrCase: c.ID, attrInstance: c.InstanceID, attrState: string(c.State), attrNonce: c.nonce,
		attrClaimedAt: stamp(c.ClaimedAt), attrOpenKey: prefix(c.Leashed) + openValue, attrOpenedAt: stamp(c.ClaimedAt),
		attrGroup: c.group, attrReason: c.Origin.Reason, attrBy: c.Origin.RequestedBy,
		attrSourceKey: c.Origin.SourceKey, attrKind: c.Origin.Kind, attrSource: c.Origin.Source,
		attrAlarm: c.Origin.Alarm, attrForced: strings.Join(c.Origin.Forced, ","),
	} {
		if v != "" {
			it[name] = str(v)
		}
	}
	it[attrBudget] = num(int64(c.budgetSlot))
	it[attrGroupSlot] = num(int64(c.groupSlot))
	it[attrExpires] = expires(c.ClaimedAt.Add(KeepFor))
	return it
}

// claimInstance points the instance to its new case. The last claim before it
// is kept beside the new one, because a proven rejection gives it back.
func (b *Book) claimInstance(c Case, r Request) *types.Update {
	return &types.Update{
		TableName: &b.Table, Key: instanceKey(prefix(c.Leashed), c.InstanceID),
		ConditionExpression: aws.String("attribute_not_exists(pk) OR " +
			"((attribute_not_exists(openCase) OR openCase = :none OR openUntil < :now) AND lastClaim <= :cutoff)"),
		UpdateExpression: aws.String("SET prevClaim = if_not_exists(lastClaim, :none), lastClaim = :now, " +
			"openCase = :case, openUntil = :openUntil, nonce = :nonce, expiresAt = :expires"),
		ExpressionAttributeValues: item{
			":none": str(""), ":now": str(stamp(c.ClaimedAt)), ":cutoff": str(stamp(c.ClaimedAt.Add(-r.Cooldown))),
			":case": str(c.ID), ":openUntil": str(stamp(c.openUntil())), ":nonce": str(c.nonce),
			":expires": expires(c.ClaimedAt.Add(KeepFor)),
		},
	}
}

func (b *Book) claimSlot(c Case, pk string, k int, lapses time.Time) *types.Put {
	it := key(pk, slotSK(k))
	it[attrCase], it[attrNonce], it[attrLapses] = str(c.ID), str(c.nonce), str(stamp(lapses))
	it[attrExpires] = expires(lapses.Add(24 * time.Hour))
	return &types.Put{
		TableName: &b.Table, Item: it,
		ConditionExpression:       aws.String("attribute_not_exists(pk) OR lapsesAt < :now"),
		ExpressionAttributeValues: item{":now": str(stamp(c.ClaimedAt))},
	}
}
