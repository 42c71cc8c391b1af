package permissions

import "crashcart/lambda/domain/config"

// FollowupCalls are the operations that are linked into the follow-up's function.
func FollowupCalls() []Call {
	return []Call{
		discovery,
		{Operation: "dynamodb.Query", Actions: []string{"dynamodb:Query"}},
	}
}

// FollowupImplied are the actions that services take with the role of the follow-up's
// function.
func FollowupImplied() []Implied {
	return []Implied{
		{"kms:Decrypt", "DynamoDB opens the table's key with the caller's rights"},
		{"logs:CreateLogStream", "Lambda writes the function's log"},
		{"logs:PutLogEvents", "Lambda writes the function's log"},
	}
}

// Followup is the policy of the role of the follow-up's function. It reads the open
// cases and changes nothing, not even in Crashcart's own resources.
func Followup(at Places) []Statement {
	return []Statement{
		{Sid: "OpenCases", Actions: []string{"dynamodb:Query"}, Resources: []string{at.Table + "/index/" + config.OpenIndex}},
		{
			Sid: "Decrypt", Actions: []string{"kms:Decrypt"}, Resources: []string{at.Key},
			If: map[string]any{"StringEquals": map[string]any{"kms:ViaService": "dynamodb." + at.Region + ".amazonaws.com"}},
		},
		logging(at),
	}
}
