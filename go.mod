module github.com/org/checkout-deploy

go 1.26
