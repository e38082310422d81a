# Twenty repositories and the registry's settings, at the addresses the official module has them at: a call for each of
# sixteen, four behind its wrapper, and a call for the registry.

locals {
  services = toset([for number in range(16) : format("svc-%02d", number)])

  keep = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Keep last 30 images"
      action       = { type = "expire" }
      selection = {
        tagStatus     = "tagged"
        tagPrefixList = ["v"]
        countType     = "imageCountMoreThan"
        countNumber   = 30
      }
    }]
  })
}

module "services" {
  source   = "./modules/ecr"
  for_each = local.services

  name         = "${var.project}/prod/${each.key}"
  expiry       = local.keep
  pullers      = ["arn:aws:iam::123456789012:role/deploy"]
  force_delete = true
  tags         = { Service = each.key }
}

module "wrapped" {
  source = "./modules/wrappers"

  items = {
    "batch.jobs" = { name = "${var.project}/prod/batch", expiry = local.keep }
    web          = { name = "${var.project}/prod/web", mutability = "MUTABLE", scan_on_push = false }
    functions    = { name = "${var.project}/prod/functions", lambdas = ["arn:aws:lambda:us-east-1:123456789012:function:a"] }
    secret = {
      name    = "${var.project}/prod/secret"
      kms_key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    }
  }
}

module "registry" {
  source = "./modules/registry"

  prefix = var.project
}

# Something that stays: Terraform manages more than ECR.
resource "terraform_data" "other" {
  input = "stays"
}
