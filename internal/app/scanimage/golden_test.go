package scanimage

import (
	"testing"

	"github.com/org/checkout-deploy/internal/golden"
)

func TestMain(m *testing.M) { golden.Main(m) }
