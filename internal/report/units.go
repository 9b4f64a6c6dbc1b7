package report

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// FormatBytes writes a size with three figures in binary units: "412 B",
// "518 KiB", "2.28 MiB".
func FormatBytes(n int64) string {
	if n < 0 {
		return "−" + strings.TrimPrefix(FormatBytes(-max(n, -math.MaxInt64)), "−")
	}
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f := float64(n)
	for _, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if f /= 1024; f < 999.5 || unit == "TiB" {
			return figures(f) + " " + unit
		}
	}
	return ""
}

// FormatDuration writes a time with the figures that matter: "412 µs", "38 ms",
// "1.67 s", "2 min 14 s", "3 h 5 min".
func FormatDuration(d time.Duration) string {
	switch {
	case d < 0:
		return "−" + FormatDuration(-max(d, -math.MaxInt64))
	case d < time.Millisecond:
		return strconv.FormatInt(d.Microseconds(), 10) + " µs"
	case d < 999500*time.Microsecond:
		return strconv.FormatInt(int64(math.Round(d.Seconds()*1000)), 10) + " ms"
	case d < 59950*time.Millisecond:
		return figures(d.Seconds()) + " s"
	case d < time.Hour-500*time.Millisecond:
		d = d.Round(time.Second)
		return FormatCount(int64(d/time.Minute)) + " min " + FormatCount(int64(d%time.Minute/time.Second)) + " s"
	}
	d = d.Round(time.Minute)
	return FormatCount(int64(d/time.Hour)) + " h " + FormatCount(int64(d%time.Hour/time.Minute)) + " min"
}

// FormatCount groups a number by thousands: "24,412".
func FormatCount(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// FormatPercent writes a share, 1 for all, as "98.5%". What is not all is not
// rounded to it, nor what is something to nothing.
func FormatPercent(share float64) string {
	p := share * 100
	switch {
	case math.IsNaN(p) || math.IsInf(p, 0):
		return "unknown"
	case p < 0:
		return "−" + FormatPercent(-share)
	case p < 100 && p >= 99.95:
		return "99.9%"
	case p > 0 && p < 0.05:
		return "<0.1%"
	case p == 0:
		return "0%"
	case p >= 100:
		return FormatCount(int64(min(math.Round(p), 1e15))) + "%"
	}
	return strconv.FormatFloat(p, 'f', 1, 64) + "%"
}

// figures writes a number from 1 to 1,024 with three figures.
func figures(f float64) string {
	switch {
	case f < 9.995:
		return strconv.FormatFloat(f, 'f', 2, 64)
	case f < 99.95:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 0, 64)
}
