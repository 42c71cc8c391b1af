package permissions

import "crashcart/lambda/domain/config"

// CountCalls are the operations that are linked into the count.
func CountCalls() []Call {
	return []Call{
		discovery,
		{Operation: "dynamodb.Query", Actions: []string{"dynamodb:Query"}},
	}
}

// CountImplied are the actions that services take with the count's role.
func CountImplied() []Implied {
	return []Implied{
		{"kms:Decrypt", "DynamoDB opens the table's key with the caller's rights"},
		{"logs:CreateLogStream", "Lambda writes the function's log"},
		{"logs:PutLogEvents", "Lambda writes the function's log"},
	}
}

// Count is the policy of the count's role. It reads the open cases and changes nothing, not
// even in Crashcart's own resources.
func Count(at Places) []Statement {
	return []Statement{
		{Sid: "OpenCases", Actions: []string{"dynamodb:Query"}, Resources: []string{openCases(at)}},
		{
			Sid: "Decrypt", Actions: []string{"kms:Decrypt"}, Resources: []string{at.Key},
			If: map[string]any{"StringEquals": map[string]any{"kms:ViaService": "dynamodb." + at.Region + ".amazonaws.com"}},
		},
		logging(at),
	}
}

// openCases is the index of the open cases, without the table that it belongs to.
func openCases(at Places) string { return at.Table + "/index/" + config.OpenIndex }
