# What a fleet declares and Terraform can say as well, said by Terraform of repositories that exist.

variable "names" {
  type = set(string)
}

import {
  for_each = var.names
  to       = aws_ecr_repository.fleet[each.key]
  id       = "${var.project}-dev-${each.key}"
}

import {
  for_each = var.names
  to       = aws_ecr_lifecycle_policy.fleet[each.key]
  id       = "${var.project}-dev-${each.key}"
}

import {
  for_each = var.names
  to       = aws_ecr_repository_policy.fleet[each.key]
  id       = "${var.project}-dev-${each.key}"
}

resource "aws_ecr_repository" "fleet" {
  for_each = var.names

  name                 = "${var.project}-dev-${each.key}"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  tags = {
    Project     = var.project
    Environment = "dev"
    ManagedBy   = "ecr-steward"
    CostCentre  = "4711"
  }
}

resource "aws_ecr_lifecycle_policy" "fleet" {
  for_each = var.names

  repository = aws_ecr_repository.fleet[each.key].name
  policy = jsonencode({
    rules = [{
      rulePriority = 10
      description  = "Untagged images go after three days"
      action       = { type = "expire" }
      selection = {
        tagStatus   = "untagged"
        countType   = "sinceImagePushed"
        countUnit   = "days"
        countNumber = 3
      }
    }]
  })
}

resource "aws_ecr_repository_policy" "fleet" {
  for_each = var.names

  repository = aws_ecr_repository.fleet[each.key].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "EcrStewardPull"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::210987654321:root" }
      Action    = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    }]
  })
}
