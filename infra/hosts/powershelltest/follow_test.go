package powershelltest

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
)

// world has the values of what a condition asks for, by its text. A list gives one value
// after the other.
type world map[string]any

// follower follows the decisions of a function. It knows nothing but conditions, literals
// and the order of statements: whatever else is asked for must be in the world.
type follower struct {
	t      *testing.T
	values world
	fails  bool     // the first try that catches everything fails at once
	did    []string // the assignments that were come by
}

// returned is how a function ended: by a return, or by another word.
type returned struct{ word, text string }

// follow gives what a block returns in this world, and the state that it has set.
func follow(t *testing.T, block *tree, values world) (string, *follower) {
	t.Helper()
	f := &follower{t: t, values: maps.Clone(values)}
	f.fails, _ = values["it fails"].(bool)
	end := f.run(block.statements())
	if end == nil {
		return "", f
	}
	if end.word != "return" {
		return end.word, f
	}
	return f.literal(end.text), f
}

// literal gives the text of a literal, or the value that the world has.
func (f *follower) literal(text string) string {
	if v, ok := f.values[text]; ok {
		s, _ := v.(string)
		return s
	}
	return strings.Trim(text, "'")
}

func (f *follower) run(statements []*tree) *returned {
	for _, s := range statements {
		if end := f.step(s); end != nil {
			return end
		}
	}
	return nil
}

func (f *follower) step(s *tree) *returned {
	switch s.Type {
	case "flow_control_statement":
		end := &returned{word: s.Children[0].Text}
		if len(s.Children) > 1 {
			end.text = s.Children[1].Text
		}
		return end
	case "if_statement":
		return f.choose(s)
	case "for_statement", "foreach_statement": // the first round is as all others
		return f.run(s.child("statement_block").statements())
	case "try_statement":
		return f.try(s)
	case "assignment_expression":
		f.assign(s)
	}
	return nil
}

// choose runs the branch whose condition holds.
func (f *follower) choose(s *tree) *returned {
	branches := []*tree{s}
	for _, c := range s.Children {
		switch c.Type {
		case "elseif_clause", "else_clause":
			branches = append(branches, c)
		case "elseif_clauses":
			branches = append(branches, c.Children...)
		}
	}
	for _, b := range branches {
		if b.Type == "else_clause" || f.holds(b.Children[2]) {
			return f.run(b.child("statement_block").statements())
		}
	}
	return nil
}

func (f *follower) try(s *tree) *returned {
	block := s.child("statement_block")
	if f.fails && guarded(s) {
		f.fails = false
		for c := range s.all("catch_clause") {
			if c.child("type_literal") == nil && within(s, c) {
				block = c.child("statement_block")
			}
		}
	}
	return f.run(block.statements())
}

func (f *follower) assign(s *tree) {
	left, operator, right := s.Children[0].Text, s.Children[1].Text, s.Children[2]
	f.did = append(f.did, left)
	if operator != "=" {
		return
	}
	if v, known := f.take(right.Text); known {
		f.values[left] = v
	} else if right.Type == "verbatim_string_characters" || right.Type == "string_literal" {
		f.values[left] = strings.Trim(right.Text, "'")
	} else if right.Text == "$true" || right.Text == "$false" {
		f.values[left] = right.Text == "$true"
	}
}

// take gives a value of the world.
func (f *follower) take(text string) (any, bool) {
	v, ok := f.values[text]
	if list, several := v.([]any); several {
		if len(list) > 1 {
			f.values[text] = list[1:]
		}
		return list[0], true
	}
	return v, ok
}

func (f *follower) holds(n *tree) bool {
	switch v := f.value(n).(type) {
	case bool:
		return v
	case string:
		return v != ""
	case int:
		return v != 0
	}
	return false
}

func (f *follower) value(n *tree) any {
	if v, ok := f.take(n.Text); ok {
		return v
	}
	switch n.Type {
	case "parenthesized_expression":
		return f.value(n.Children[1])
	case "expression_with_unary_operator":
		if strings.EqualFold(n.Children[0].Text, "-not") {
			return !f.holds(n.Children[1])
		}
	case "logical_expression":
		left := f.holds(n.Children[0])
		if n.Children[1].Text == "-and" {
			return left && f.holds(n.Children[2])
		}
		return left || f.holds(n.Children[2])
	case "comparison_expression":
		return f.compare(n)
	case "decimal_integer_literal":
		number, err := strconv.Atoi(n.Text)
		if err != nil {
			f.t.Fatal(err)
		}
		return number
	case "verbatim_string_characters":
		return strings.Trim(n.Text, "'")
	}
	if n.Type == "command" || len(n.Children) != 1 {
		f.t.Fatalf("line %d: there is no value of %s %q", n.Line, n.Type, n.Text)
	}
	return f.value(n.Children[0])
}

func (f *follower) compare(n *tree) bool {
	left, operator, right := f.value(n.Children[0]), n.Children[1].Text, f.value(n.Children[2])
	a, isNumber := left.(int)
	b, too := right.(int)
	if isNumber != too {
		f.t.Fatalf("line %d: %v %s %v", n.Line, left, operator, right)
	}
	folded := strings.EqualFold(fmt.Sprint(left), fmt.Sprint(right)) // as PowerShell compares texts unless it is told otherwise
	switch operator {
	case "-ceq":
		return left == right
	case "-cne":
		return left != right
	case "-eq":
		return folded
	case "-ne":
		return !folded
	case "-lt":
		return a < b
	case "-le":
		return a <= b
	case "-gt":
		return a > b
	case "-ge":
		return a >= b
	}
	f.t.Fatalf("line %d: the operator %s", n.Line, operator)
	return false
}
