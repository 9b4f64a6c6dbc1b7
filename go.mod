module github.com/org/checkout-deploy

go 1.26

require go.yaml.in/yaml/v4 v4.0.0
