# What a registry has once.

variable "prefix" {
  type = string
}

resource "aws_ecr_registry_policy" "this" {
  count = 1

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Replicate"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::210987654321:root" }
      Action    = ["ecr:ReplicateImage"]
      Resource  = "arn:aws:ecr:us-east-1:123456789012:repository/*"
    }]
  })
}

resource "aws_ecr_pull_through_cache_rule" "this" {
  for_each = { gallery = "public.ecr.aws", kubernetes = "registry.k8s.io" }

  ecr_repository_prefix = each.key
  upstream_registry_url = each.value
}

resource "aws_ecr_registry_scanning_configuration" "this" {
  count = 1

  scan_type = "BASIC"

  rule {
    scan_frequency = "SCAN_ON_PUSH"

    repository_filter {
      filter      = "${var.prefix}/*"
      filter_type = "WILDCARD"
    }
  }
}

resource "aws_ecr_replication_configuration" "this" {
  count = 1

  replication_configuration {
    rule {
      destination {
        region      = "eu-west-1"
        registry_id = "123456789012"
      }

      repository_filter {
        filter      = var.prefix
        filter_type = "PREFIX_MATCH"
      }
    }
  }
}
