package srimanifest

import (
	"github.com/org/checkout-deploy/internal/evidence"
	"github.com/org/checkout-deploy/internal/report"
)

func evidencePage(p *evidence.Pack) report.Page { return report.Page{Title: "Evidence"} }
