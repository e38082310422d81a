# One repository with its two policies, each at `.this[0]`.

variable "name" {
  type = string
}

variable "mutability" {
  type    = string
  default = "IMMUTABLE"
}

variable "scan_on_push" {
  type    = bool
  default = true
}

variable "kms_key" {
  type    = string
  default = null
}

variable "force_delete" {
  type    = bool
  default = null
}

variable "expiry" {
  type    = string
  default = null
}

variable "pullers" {
  type    = list(string)
  default = []
}

variable "lambdas" {
  type    = list(string)
  default = []
}

variable "tags" {
  type    = map(string)
  default = {}
}

locals {
  pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]

  people = [for role in var.pullers : {
    Sid       = "PrivateReadOnly"
    Effect    = "Allow"
    Principal = { AWS = role }
    Action    = local.pull
  }]

  functions = [for arn in var.lambdas : {
    Sid       = "PrivateLambdaReadOnly"
    Effect    = "Allow"
    Principal = { Service = "lambda.amazonaws.com" }
    Action    = slice(local.pull, 0, 2)
    Condition = { StringLike = { "aws:sourceArn" = arn } }
  }]
}

resource "aws_ecr_repository" "this" {
  count = 1

  name                 = var.name
  image_tag_mutability = var.mutability
  force_delete         = var.force_delete
  tags                 = var.tags

  image_scanning_configuration {
    scan_on_push = var.scan_on_push
  }

  encryption_configuration {
    encryption_type = var.kms_key == null ? "AES256" : "KMS"
    kms_key         = var.kms_key
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  count = var.expiry == null ? 0 : 1

  repository = aws_ecr_repository.this[0].name
  policy     = var.expiry
}

resource "aws_ecr_repository_policy" "this" {
  count = length(var.pullers) + length(var.lambdas) == 0 ? 0 : 1

  repository = aws_ecr_repository.this[0].name
  policy     = jsonencode({ Version = "2012-10-17", Statement = concat(local.people, local.functions) })
}
