package console

// word is text that is a sign.
type word struct {
	text string
	sign Sign
	rule rule
}

// rule says where a word counts. Without a rule it counts in every piece that is no
// quotation.
type rule uint8

const (
	// atHead is a word with which a message begins.
	atHead rule = 1 << iota
	// leads is a word with which a message begins, but for a mark before it: "[  OK  ] ",
	// " * ", "[ ***  ] (1 of 2) ".
	leads
	// byKernel is the kernel's word. It begins a message, and no program says it.
	byKernel
	// byInit is a word of the system's init. No other program's message counts.
	byInit
	// byKdump is a word of a program whose name begins with "kdump".
	byKdump
	// byLogind is a word of systemd's logind.
	byLogind
	// asFact is a word that a denial or a usage text in the same piece takes back.
	asFact
)

// says makes words of texts that share their sign and rule.
func says(sign Sign, r rule, texts ...string) []word {
	list := make([]word, 0, len(texts))
	for _, t := range texts {
		list = append(list, word{t, sign, r})
	}
	return list
}
