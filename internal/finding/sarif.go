package finding

import "encoding/json"

// Limits of a SARIF file: what GitHub code scanning takes, and what Read takes
// from anyone (docs.github.com, "SARIF support for code scanning").
const (
	MaxShown   = 5_000      // results of a run that are shown; the writer keeps so many
	MaxResults = 25_000     // results and rules of a run
	MaxRuns    = 20         // runs in a file
	MaxSize    = 10_000_000 // bytes of a file, compressed with gzip
	maxTags    = 20
	maxText    = 4_096 // bytes of a message; annotations have the same limit
	maxRead    = 64 << 20
)

// Tool names what made the findings of a run.
type Tool struct {
	Name    string // "checkout-deploy/build-bundle"
	Version string // may be empty
	URI     string // where to read about it; may be empty
}

// Rule describes a kind of finding.
type Rule struct {
	ID    string // the Rule of its findings
	Short string // one sentence
	Help  string // what it is about and what to do, in plain text
	URI   string // where to read more; may be empty

	// Severity is that of its findings, unless they say another.
	Severity Severity
	// Security makes code scanning show the rule among security alerts, with a
	// CVSS score; else it is one about quality.
	Security bool
	// Score is a CVSS score from 0.1 to 10; 0 takes one in the middle of the
	// severity's band.
	Score float64
	Tags  []string
}

// Run is what a tool found in one go. It is what SARIF calls a run.
type Run struct {
	Tool Tool
	// Category keeps apart runs of one tool for one commit; may be empty.
	Category string
	// Rules describe the findings' rules. A rule of a finding that is not here
	// is made up from its name.
	Rules    []Rule
	Findings []Finding

	// Place is where findings without a file are shown, such as the
	// configuration file: code scanning shows none that has no file.
	Place string
	// Incomplete says why "no findings" would prove nothing, such as "the scan
	// was cancelled"; "" for a run that came to its end.
	Incomplete string

	// Suppressed counts what the tool's users accepted, and is not among Findings.
	// It is written as a number: code scanning closes the alert of a result that is
	// not there, and leaves one open whose suppression it is given.
	Suppressed int
	// LeftOut counts results that a writer dropped for want of room. Only ReadSARIF
	// sets it.
	LeftOut int
}

const (
	sarifVersion = "2.1.0"
	sarifSchema  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	sourceRoot   = "%SRCROOT%" // the name for the repository's root that tools agree on
)

// The types below are the part of SARIF 2.1.0 that is written and read; the
// sections of the specification are named where they decide something.

type sarifLog struct {
	Schema  string     `json:"$schema,omitempty"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool                `json:"tool"`
	Invocations []sarifInvocation        `json:"invocations,omitempty"`
	Bases       map[string]sarifArtifact `json:"originalUriBaseIds,omitempty"`
	Automation  *sarifAutomation         `json:"automationDetails,omitempty"`
	ColumnKind  string                   `json:"columnKind,omitempty"`
	Artifacts   []sarifFile              `json:"artifacts,omitempty"`
	External    *sarifExternal           `json:"externalPropertyFileReferences,omitempty"`
	// Results is nil where the tool did not get so far as to find anything
	// (section 3.14.23); the writer never leaves it nil.
	Results    []sarifResult `json:"results"`
	Properties *runBag       `json:"properties,omitempty"`
}

type sarifTool struct {
	Driver     sarifComponent   `json:"driver"`
	Extensions []sarifComponent `json:"extensions,omitempty"`
}

type sarifComponent struct {
	Name            string      `json:"name"`
	Version         string      `json:"version,omitempty"`
	SemanticVersion string      `json:"semanticVersion,omitempty"`
	URI             string      `json:"informationUri,omitempty"`
	Rules           []sarifRule `json:"rules,omitempty"`
}

type sarifRule struct {
	ID       string                  `json:"id"`
	Name     string                  `json:"name,omitempty"`
	Short    *sarifMessage           `json:"shortDescription,omitempty"`
	Full     *sarifMessage           `json:"fullDescription,omitempty"`
	Help     *sarifMessage           `json:"help,omitempty"`
	URI      string                  `json:"helpUri,omitempty"`
	Config   *sarifConfig            `json:"defaultConfiguration,omitempty"`
	Messages map[string]sarifMessage `json:"messageStrings,omitempty"`
	Bag      *ruleBag                `json:"properties,omitempty"`
}

type sarifConfig struct {
	Level string `json:"level,omitempty"`
}

type sarifMessage struct {
	Text      string   `json:"text,omitempty"`
	Markdown  string   `json:"markdown,omitempty"`
	ID        string   `json:"id,omitempty"`
	Arguments []string `json:"arguments,omitempty"`
}

type sarifInvocation struct {
	Successful    *bool               `json:"executionSuccessful"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	Folder        *sarifArtifact      `json:"workingDirectory,omitempty"`
}

type sarifNotification struct {
	Level   string       `json:"level,omitempty"`
	Message sarifMessage `json:"message"`
}

type sarifAutomation struct {
	ID string `json:"id,omitempty"`
}

type sarifExternal struct {
	Results []json.RawMessage `json:"results,omitempty"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId,omitempty"`
	RuleIndex    *int               `json:"ruleIndex,omitempty"`
	Rule         *sarifReference    `json:"rule,omitempty"`
	Kind         string             `json:"kind,omitempty"`
	Level        string             `json:"level,omitempty"`
	Message      sarifMessage       `json:"message"`
	Locations    []sarifLocation    `json:"locations,omitempty"`
	Fingerprints map[string]string  `json:"partialFingerprints,omitempty"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	Baseline     string             `json:"baselineState,omitempty"`
	Bag          *resultBag         `json:"properties,omitempty"`
}

type sarifReference struct {
	ID        string          `json:"id,omitempty"`
	Index     *int            `json:"index,omitempty"`
	Component *sarifReference `json:"toolComponent,omitempty"`
}

type sarifSuppression struct {
	Status string `json:"status,omitempty"`
}

type sarifLocation struct {
	Physical *sarifPhysical `json:"physicalLocation,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifFile struct {
	Location *sarifArtifact `json:"location,omitempty"`
}

type sarifArtifact struct {
	URI   string `json:"uri,omitempty"`
	Base  string `json:"uriBaseId,omitempty"`
	Index *int   `json:"index,omitempty"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine,omitempty"`
	StartColumn int `json:"startColumn,omitempty"`
	EndLine     int `json:"endLine,omitempty"`
	EndColumn   int `json:"endColumn,omitempty"`
}

// ruleBag is what code scanning reads of a rule's properties.
type ruleBag struct {
	Tags            []string `json:"tags,omitempty"`
	Precision       string   `json:"precision,omitempty"`
	ProblemSeverity string   `json:"problem.severity,omitempty"`
	Score           score    `json:"security-severity,omitempty"`
}

// resultBag holds what the standard has no place for, so that a finding that
// is written reads back the same.
type resultBag struct {
	Severity Severity `json:"checkout-deploy/severity,omitempty"`
	Hint     string   `json:"checkout-deploy/hint,omitempty"`
	Mark     string   `json:"checkout-deploy/fingerprint,omitempty"`
	Score    score    `json:"security-severity,omitempty"`
}

type runBag struct {
	LeftOut    int `json:"checkout-deploy/leftOut,omitempty"`
	Suppressed int `json:"checkout-deploy/suppressed,omitempty"`
}

// score is a CVSS score, which code scanning wants as a string and some tools
// write as a number.
type score string

// UnmarshalJSON takes a string or a number, and no other kind of value.
func (s *score) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, (*string)(s))
	}
	var n json.Number
	err := json.Unmarshal(data, &n)
	*s = score(n)
	return err
}
