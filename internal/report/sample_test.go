package report

import (
	"time"

	"github.com/org/checkout-deploy/internal/finding"
)

// sample is a page as build-bundle would make it, with every kind of block.
func sample() Page {
	const kib = 1024
	return Page{
		Title: "Release of checkout", Tool: "build-bundle",
		Status: Warning, Verdict: "The release is built. One entry is over its limit; one import does nothing.",
		Facts: []Fact{
			{Label: "Release", Value: Code("9f2c41d7a0e8")},
			{Label: "Profile", Value: Text("production")},
			{Label: "Commit", Value: Link{Text: "4f1d2c9", URL: "https://github.com/org/shop/commit/4f1d2c9"}},
			{Label: "Same bytes", Value: Text("built twice"), Status: Passed},
		},
		Source: "https://github.com/org/shop/blob/4f1d2c9/",
		Sections: []Section{
			{
				Title: "First load", Intro: "What a shopper waits for before the first field appears.",
				Blocks: []Block{
					Figures{
						{Label: "JavaScript, gzip", Value: Bytes(510 * kib), Note: "of 520 KiB allowed", Status: Passed},
						{Label: "Styles, gzip", Value: Bytes(38*kib + 200), Note: "+1.2 KiB since the last release"},
						{Label: "Files", Value: Count(4), Note: "24 more are loaded later"},
						{Label: "Built in", Value: Duration(1670 * time.Millisecond)},
					},
					Bars{Caption: "Entries against their limits, gzip", Bars: []Bar{
						{Label: "checkout", Value: Bytes(510 * kib), Limit: Bytes(520 * kib), Status: Passed},
						{Label: "order-confirmation", Value: Bytes(402 * kib), Limit: Bytes(400 * kib), Status: Warning},
						{Label: "loader", Value: Bytes(7*kib + 300), Limit: Bytes(8 * kib), Status: Passed},
						{Label: "auto-loader", Value: Bytes(9 * kib), Status: Unknown},
					}},
					Shares{Caption: "What the first load is made of", Parts: []Part{
						{"@bigcommerce/checkout-sdk", Bytes(171 * kib)},
						{"react-dom", Bytes(42 * kib)},
						{"packages/core", Bytes(138 * kib)},
						{"lodash", Bytes(24 * kib)},
						{"rxjs", Bytes(19 * kib)},
						{"formik", Bytes(13 * kib)},
						{"yup", Bytes(11 * kib)},
						{"core-js", Bytes(61 * kib)},
						{"locales", Bytes(31 * kib)},
					}},
				},
			},
			{
				Title: "Findings",
				Blocks: []Block{Findings{
					{Rule: "build/size-limit", Severity: finding.Medium, Message: "order-confirmation has 402 KiB gzip, want at most 400 KiB", Hint: "formatDate pulls all locales in: import the locale that the page needs.", Location: finding.Location{Path: "packages/core/src/app/order/OrderConfirmation.tsx", Line: 12, Column: 1}},
					{Rule: "build/dropped-import", Severity: finding.Medium, Message: `the import of "core-js/stable" does nothing: package.json says "sideEffects": false`, Hint: "Add the file to build.sideEffects.", Location: finding.Location{Path: "packages/core/src/app/polyfill.ts", Line: 1, Column: 8}},
					{Rule: "build/duplicate-package", Severity: finding.Low, Message: "tslib is in the bundle twice, as 1.14.1 and 2.6.2"},
				}},
			},
			{
				Title: "Files",
				Blocks: []Block{
					Table{
						Caption: "Files of the release", Columns: []string{"File", "Loaded", "Size", "gzip", "Change", "Integrity"},
						Rows: [][]Value{
							{Code("checkout-4f1d2c9a.js"), Text("at once"), Bytes(1640 * kib), Bytes(402 * kib), Change(-2100), Mark{Status: Passed, Text: "sha384"}},
							{Code("vendor-initial-0b7e3f11.js"), Text("at once"), Bytes(618 * kib), Bytes(108 * kib), Change(0), Mark{Status: Passed, Text: "sha384"}},
							{Code("checkout-a81b30c5.css"), Text("at once"), Bytes(212 * kib), Bytes(38*kib + 200), Change(1230), Mark{Status: Passed, Text: "sha384"}},
							{Code("order-confirmation-77d1e0b2.js"), Text("at once"), Bytes(1350 * kib), Bytes(402 * kib), Change(18 * kib), Mark{Status: Passed, Text: "sha384"}},
							{Code("loader-3c8e5a90.js"), Text("at once"), Bytes(21 * kib), Bytes(7*kib + 300), nil, Mark{Status: Passed, Text: "sha384"}},
							{Code("billing-51ac7d3e.js"), Text("on the way"), Bytes(88 * kib), Bytes(27 * kib), Change(-310), Mark{Status: Passed, Text: "sha384"}},
							{Code("shipping-e60f1b84.js"), Text("on the way"), Bytes(143 * kib), Bytes(41 * kib), Change(96), Mark{Status: Passed, Text: "sha384"}},
							{Code("payment-2d94c8f7.js"), Text("on the way"), Bytes(301 * kib), Bytes(84 * kib), Change(4 * kib), Mark{Status: Passed, Text: "sha384"}},
							{Code("payment-2d94c8f7.css"), Text("on the way"), Bytes(12 * kib), Bytes(3 * kib), Change(0), Mark{Status: Unknown, Text: "none"}},
						},
						Total: []Value{Text("9 files"), nil, Bytes(4385 * kib), Bytes(1113 * kib), Change(21400), nil},
					},
					Details{Summary: "How the time was spent", Blocks: []Block{
						Bars{Caption: "Stages", Bars: []Bar{
							{Label: "preparation", Value: Duration(90 * time.Millisecond)},
							{Label: "compilation", Value: Duration(1120 * time.Millisecond)},
							{Label: "optimisation", Value: Duration(330 * time.Millisecond)},
							{Label: "output", Value: Duration(130 * time.Millisecond)},
						}},
						sampleTimeline(),
						Listing{Caption: "What the compiler said", Language: "text", Text: "packages/core/src/scss/checkout.scss:14:3: warning: map-get() is deprecated\n  color: map-get($colors, accent);\n  ^"},
					}},
				},
			},
			{
				Title: "What is in it", Intro: "Every module, as large as it is in its file.",
				Blocks: []Block{sampleTreemap(), sampleGraph()},
			},
			{
				Title: "What to do next",
				Blocks: []Block{
					Callout{Status: Warning, Title: "This release is not signed.", Text: Paragraph{Text("Set"), Code("sign: keyless"), Text("on"), Code("sri-manifest"), Text("before production asks for it.")}},
					List{
						{Text("Open"), Place{Path: "packages/core/src/app/polyfill.ts", Line: 1}, Text("and decide whether the polyfills are needed.")},
						{Text("Compare with another release:"), Code("build-bundle --compare 77aa01be")},
					},
					Paragraph{Text("Nothing was published. A release is a folder until"), Code("deploy"), Text("takes it.")},
				},
			},
		},
		Foot: "Made by checkout-deploy build-bundle 0.3.0.",
	}
}

func sampleTreemap() Treemap {
	const own, packages, styles = 0, 1, 2
	leaf := func(size Bytes, kind, origin int, path ...string) Leaf {
		return Leaf{Path: path, Value: size, Original: size * 3, Kind: kind, Origin: origin}
	}
	return Treemap{
		Caption: "What each file is made of",
		Kinds:   []string{"Own code", "Packages", "Styles"},
		Leaves: []Leaf{
			leaf(402_118, packages, 7, "checkout-4f1d2c9a.js", "@bigcommerce/checkout-sdk", "dist", "checkout-sdk.js"),
			leaf(129_411, packages, 8, "checkout-4f1d2c9a.js", "react-dom", "cjs", "react-dom.production.min.js"),
			leaf(6_420, packages, 9, "checkout-4f1d2c9a.js", "react", "cjs", "react.production.min.js"),
			leaf(8_204, own, 2, "checkout-4f1d2c9a.js", "packages/core", "src", "app", "checkout", "CheckoutApp.tsx"),
			leaf(18_730, own, 3, "checkout-4f1d2c9a.js", "packages/core", "src", "app", "checkout", "Checkout.tsx"),
			leaf(212, own, 0, "checkout-4f1d2c9a.js", "packages/core", "src", "app", "index.ts"),
			leaf(31_007, own, 4, "payment-2d94c8f7.js", "packages/core", "src", "app", "payment", "Payment.tsx"),
			leaf(22_981, own, 5, "payment-2d94c8f7.js", "packages/core", "src", "app", "payment", "PaymentForm.tsx"),
			leaf(71_320, packages, 6, "payment-2d94c8f7.js", "lodash", "lodash.js"),
			leaf(71_320, packages, 6, "shipping-e60f1b84.js", "lodash", "lodash.js"),
			leaf(40_118, own, -1, "shipping-e60f1b84.js", "packages/core", "src", "app", "shipping", "Shipping.tsx"),
			leaf(212_400, styles, -1, "checkout-a81b30c5.css", "packages/core", "src", "scss", "checkout.scss"),
		},
		Origins: []Origin{
			{Name: "packages/core/src/app/index.ts", From: -1},
			{Name: "packages/core/src/app/checkout/renderCheckout.tsx", From: 0, How: "import"},
			{Name: "packages/core/src/app/checkout/CheckoutApp.tsx", From: 1, How: "require"},
			{Name: "packages/core/src/app/checkout/Checkout.tsx", From: 2, How: "import"},
			{Name: "packages/core/src/app/payment/Payment.tsx", From: 3, How: "import()"},
			{Name: "packages/core/src/app/payment/PaymentForm.tsx", From: 4, How: "import"},
			{Name: "lodash/lodash.js", From: 5, How: "import"},
			{Name: "@bigcommerce/checkout-sdk/dist/checkout-sdk.js", From: 2, How: "import"},
			{Name: "react-dom/cjs/react-dom.production.min.js", From: 1, How: "require"},
			{Name: "react/cjs/react.production.min.js", From: 1, How: "require"},
		},
		Views: []View{{Label: "First load of checkout", Areas: []string{"checkout-4f1d2c9a.js", "checkout-a81b30c5.css"}}},
	}
}

func sampleGraph() Graph {
	const kib = 1024
	return Graph{
		Caption: "Which file loads which",
		Nodes: []Node{
			{Label: "checkout-4f1d2c9a.js", Size: 1640 * kib, Kind: EntryNode},
			{Label: "vendor-initial-0b7e3f11.js", Size: 618 * kib, Kind: SharedNode},
			{Label: "checkout-a81b30c5.css", Size: 212 * kib, Kind: SharedNode},
			{Label: "billing-51ac7d3e.js", Size: 88 * kib, Kind: LazyNode},
			{Label: "shipping-e60f1b84.js", Size: 143 * kib, Kind: LazyNode},
			{Label: "payment-2d94c8f7.js", Size: 301 * kib, Kind: LazyNode},
			{Label: "address-form-7be21c04.js", Size: 64 * kib, Kind: SharedNode},
			{Label: "paypal-90cd1e77.js", Size: 31 * kib, Kind: LazyNode},
			{Label: "de-11.js", Size: 48 * kib, Kind: LazyNode, Group: "languages"},
			{Label: "fr-22.js", Size: 49 * kib, Kind: LazyNode, Group: "languages"},
			{Label: "ja-33.js", Size: 61 * kib, Kind: LazyNode, Group: "languages"},
			{Label: "sv-44.js", Size: 47 * kib, Kind: LazyNode, Group: "languages"},
		},
		Edges: []Edge{
			{From: 0, To: 1},
			{From: 0, To: 2},
			{From: 0, To: 3, Later: true},
			{From: 0, To: 4, Later: true},
			{From: 0, To: 5, Later: true},
			{From: 3, To: 6},
			{From: 4, To: 6},
			{From: 5, To: 7, Later: true},
			{From: 7, To: 1},
			{From: 0, To: 8, Later: true},
			{From: 0, To: 9, Later: true},
			{From: 0, To: 10, Later: true},
			{From: 0, To: 11, Later: true},
		},
	}
}

func sampleTimeline() Timeline {
	const ms = time.Millisecond
	return Timeline{
		Caption: "How the time was spent",
		Kinds:   []string{"Stage", "Plugin", "File"},
		Spans: []Span{
			{Lane: []string{"Stages"}, Name: "scan", Start: 1000 * ms, Length: 310 * ms},
			{Lane: []string{"Stages"}, Name: "styles", Start: 1130 * ms, Length: 920 * ms},
			{Lane: []string{"Stages"}, Name: "link", Start: 2050 * ms, Length: 340 * ms},
			{Lane: []string{"Stages"}, Name: "write", Start: 2390 * ms, Length: 280 * ms},
			{Lane: []string{"scan", "esbuild"}, Name: "packages/core/src/app/index.ts", Start: 1002 * ms, Length: 8 * ms, Kind: 2},
			{Lane: []string{"scan", "esbuild"}, Name: "node_modules/@bigcommerce/checkout-sdk/dist/checkout-sdk.js", Detail: "1.37 MiB of source", Start: 1004 * ms, Length: 120 * ms, Kind: 2},
			{Lane: []string{"styles", "sass"}, Name: "packages/core/src/scss/checkout.scss", Start: 1140 * ms, Length: 610 * ms, Kind: 1},
			{Lane: []string{"styles", "sass"}, Name: "packages/core/src/scss/embedded.scss", Start: 1160 * ms, Length: 420 * ms, Kind: 1},
			{Lane: []string{"styles", "prefixes"}, Name: "checkout.css", Start: 1760 * ms, Length: 280 * ms, Kind: 1},
			{Lane: []string{"write"}, Name: "checkout-4f1d2c9a.js", Start: 2400 * ms, Length: 90 * ms, Kind: 2},
		},
	}
}
