package ghtest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// Step answers one request in the fake's place. next is the fake itself.
type Step func(w http.ResponseWriter, r *http.Request, next http.Handler)

type script struct {
	method, path string
	steps        []Step
}

// Script has the next requests with the method, whose path ends with path,
// answered by the steps, one each, before the fake answers by itself again.
// "" is any method or path.
func (f *Fake) Script(method, path string, steps ...Step) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scripts = append(f.scripts, &script{method, path, steps})
}

func (f *Fake) nextStep(r *http.Request) Step {
	for _, s := range f.scripts {
		if len(s.steps) > 0 && (s.method == "" || s.method == r.Method) && strings.HasSuffix(r.URL.Path, s.path) {
			step := s.steps[0]
			s.steps = s.steps[1:]
			return step
		}
	}
	return nil
}

// Times repeats a step.
func Times(n int, step Step) []Step {
	steps := make([]Step, n)
	for i := range steps {
		steps[i] = step
	}
	return steps
}

// Own lets the fake answer.
func Own() Step {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) }
}

// Answer is a status with a body of JSON and pairs of headers.
func Answer(status int, body string, header ...string) Step {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// RateLimit is the primary limit, with none left until reset. GitHub gives it
// with status 403 or 429.
func (f *Fake) RateLimit(status int, reset time.Duration) Step {
	now := f.options.Now()
	body := fmt.Sprintf(`{"message":"API rate limit exceeded for installation ID 123456. If you reach out to GitHub Support for help, please include the request ID.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api","status":"%d"}`, status)
	return Answer(status, body, "X-RateLimit-Limit", "1000", "X-RateLimit-Remaining", "0",
		"X-RateLimit-Reset", strconv.FormatInt(now.Add(reset).Unix(), 10), "Date", now.UTC().Format(http.TimeFormat))
}

// SecondaryLimit asks for a wait, in a Retry-After that may be "".
func (f *Fake) SecondaryLimit(status int, retryAfter string) Step {
	body := fmt.Sprintf(`{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again. For more on scraping GitHub and how it may affect your rights, please review our Terms of Service.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits","status":"%d"}`, status)
	header := []string{"X-RateLimit-Remaining", "900", "Date", f.options.Now().UTC().Format(http.TimeFormat)}
	if retryAfter != "" {
		header = append(header, "Retry-After", retryAfter)
	}
	return Answer(status, body, header...)
}

// BadGateway is what GitHub's edge answers, in HTML.
func BadGateway(status int) Step {
	return Answer(status, "<html><body><h1>"+strconv.Itoa(status)+" "+http.StatusText(status)+"</h1></body></html>", "Content-Type", "text/html")
}

// Lost has the fake do what was asked, and its answer lost on the way.
func Lost() Step {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(httptest.NewRecorder(), r)
		BadGateway(http.StatusBadGateway)(w, r, next)
	}
}

// Truncated cuts the fake's answer in half.
func Truncated() Step {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		half(w, r, next)
		panic(http.ErrAbortHandler)
	}
}

func half(w http.ResponseWriter, r *http.Request, next http.Handler) {
	full := httptest.NewRecorder()
	next.ServeHTTP(full, r)
	for k, v := range full.Header() {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(full.Body.Len()))
	w.WriteHeader(full.Code)
	_, _ = w.Write(full.Body.Bytes()[:full.Body.Len()/2])
	_ = http.NewResponseController(w).Flush()
}

// Cut closes the connection without an answer.
func Cut() Step {
	return func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }
}

// Hang gives no answer until the client goes away.
func Hang() Step {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body) // before that, a server does not see its client go
		<-r.Context().Done()
	}
}

// Stall gives half of the fake's answer, and no more until the client goes away.
func Stall() Step {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		half(w, r, next)
		<-r.Context().Done()
	}
}

// Page is a page for people with status 200, as proxies and portals have it.
func Page() Step {
	return Answer(http.StatusOK, "<!doctype html><title>Sign in</title>", "Content-Type", "text/html; charset=utf-8")
}

// Redirect sends to another address.
func Redirect(status int, to string) Step {
	return Answer(status, `{"message":"Moved Permanently"}`, "Location", to)
}
