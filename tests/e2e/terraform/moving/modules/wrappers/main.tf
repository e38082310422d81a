# The same module, once for each of many.

variable "items" {
  type = any
}

module "wrapper" {
  source   = "../ecr"
  for_each = var.items

  name         = each.value.name
  expiry       = try(each.value.expiry, null)
  mutability   = try(each.value.mutability, "IMMUTABLE")
  scan_on_push = try(each.value.scan_on_push, true)
  kms_key      = try(each.value.kms_key, null)
  lambdas      = try(each.value.lambdas, [])
}
