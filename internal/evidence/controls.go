package evidence

import "fmt"

// controls map the requirements of PCI DSS v4.0.1 that a pack supports to its
// parts, with what this pack has of each and what it can't show.
func controls(p *Pack) []Control {
	n := tally(p)
	live := p.Method.Executed
	return []Control{
		{
			"6.4.3 a", "A method confirms that each script of the payment page is authorised.",
			"Scripts, with who approved each, where and until when; findings of the inventory.",
			fmt.Sprintf("%d of %d scripts are approved, %d of them by an exception.", n.approved, n.scripts, n.excepted),
			"That the approvers are entitled to approve, and that the references exist. The owner of the page shows that.",
		},
		{
			"6.4.3 b", "A method assures the integrity of each script.",
			"Hashes of the bytes; coverage by integrity that browsers enforce; exceptions with their control.",
			fmt.Sprintf("%d of %d scripts have the hash of their bytes. Coverage: %s.", n.hashed, n.scripts, p.Coverage),
			"That the compensating controls of exceptions are carried out. Who owns each shows that.",
		},
		{
			"6.4.3 c", "An inventory of all scripts says in writing why each is necessary.",
			"Scripts, with their business or technical justification.",
			fmt.Sprintf("%d of %d scripts have a justification. Inventory: %s.", n.justified, n.scripts, p.Method.Inventory),
			"That each reason holds, and that the listed pages are all pages that take payment data. The entity and its assessor judge that.",
		},
		{
			"11.6.1 a", "Changes to scripts and to security-impacting headers are detected, as the consumer's browser receives them, and alerted on.",
			"What was looked at; headers as received; changes since the previous pack; findings.",
			fmt.Sprintf("Pages fetched: %s. Pages run in a browser: %s. Alert: %s. %d headers as received, %d changes since the previous pack.", p.Method.Fetched, live, p.Method.Alert, n.received, len(p.Changes)),
			"What pages show to other users, from other places, at other times, or after the look ended. Who answers for the alert shows how it was handled.",
		},
		{
			"11.6.1 b", "The mechanism is set to evaluate the received headers and the page.",
			"What was looked at, with the pages and the run that did it.",
			fmt.Sprintf("%s. Run: %s.", count(len(p.Subject.Pages), "page"), known(p.Origin.Run)),
			"That nobody can turn it off unseen. The entity shows who may change the workflow.",
		},
		{
			"11.6.1 c", "It runs at least weekly, or as often as a targeted risk analysis says.",
			"The packs' times, and the chain between them.",
			fmt.Sprintf("Pack %d, made %s.", p.Sequence, p.Made.Format("2006-01-02 15:04 UTC")),
			"One pack shows one look. The chain of packs shows how often; a targeted risk analysis is the entity's.",
		},
	}
}

type counts struct{ scripts, approved, excepted, hashed, justified, received int }

// tally counts what 6.4.3 asks of: scripts, not styles.
func tally(p *Pack) counts {
	var n counts
	for _, s := range p.Scripts {
		if s.Kind != "script" {
			continue
		}
		n.scripts++
		n.approved += one(s.State == "approved" || s.State == "exception")
		n.excepted += one(s.State == "exception")
		n.hashed += one(s.Hash != "")
		n.justified += one(s.Justification != "")
	}
	for _, h := range p.Headers {
		n.received += one(h.Source == "received")
	}
	return n
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// String is the step in words.
func (s Step) String() string {
	words := map[Outcome]string{Done: "done", Partial: "in part", NotDone: "not done"}[s.Outcome]
	if s.Note != "" {
		words += " (" + s.Note + ")"
	}
	return words
}

// String is the coverage in words.
func (c *Coverage) String() string {
	if c == nil {
		return "not measured"
	}
	return fmt.Sprintf("%d of %d", c.Covered, c.Total)
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func known(s string) string {
	if s == "" {
		return "not known"
	}
	return s
}
