export function createStoreClient(base = '/api/') {
  async function request(path, init) {
    const response = await fetch(base + path, init);

    if (!response.ok) {
      throw new Error(`the store answered ${response.status} for ${path}`);
    }

    return response.json();
  }

  return {
    checkout: () => request('checkout'),
    countries: () => request('countries'),
    paymentMethods: () => request('payment-methods'),
    order: () => request('orders'),
    placeOrder: (draft, payment) =>
      request('orders', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ ...draft, payment }),
      }),
  };
}

export function orderTotal(checkout, draft) {
  const goods = checkout.lines.reduce((sum, line) => sum + line.quantity * line.price, 0);

  return goods + (draft.shippingOption?.price ?? 0);
}
