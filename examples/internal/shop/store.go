package shop

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
)

// maxOrder bounds the body of an order, in bytes.
const maxOrder = 64 << 10

var resource = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// read answers GET /api/<name> with the example's store/<name>.json.
func (s *Shop) read(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if !resource.MatchString(name) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.ServeFile(w, r, filepath.Join(s.example, "store", name+".json"))
}

// order answers POST /api/orders: an order that has what a store needs gets the
// one in store/orders.json.
func (s *Shop) order(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOrder))
	if err != nil {
		http.Error(w, "the order is larger than 64 KiB", http.StatusRequestEntityTooLarge)
		return
	}
	var order struct {
		Email          string            `json:"email"`
		Address        map[string]string `json:"address"`
		ShippingOption struct {
			ID string `json:"id"`
		} `json:"shippingOption"`
		Payment map[string]string `json:"payment"`
	}
	if err := json.Unmarshal(body, &order); err != nil {
		http.Error(w, "the order is not JSON as it should be: "+err.Error(), http.StatusBadRequest)
		return
	}
	if order.Email == "" || order.Address["name"] == "" || order.ShippingOption.ID == "" || order.Payment["method"] == "" {
		http.Error(w, "the order lacks an email, an address, a shipping option or a payment method", http.StatusUnprocessableEntity)
		return
	}
	http.ServeFile(w, r, filepath.Join(s.example, "store", "orders.json"))
}
