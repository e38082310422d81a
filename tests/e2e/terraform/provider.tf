# The provider, led to the local AWS. Copied beside every configuration that is tested.

terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "ecr_endpoint" {
  type = string
}

variable "endpoint" {
  type = string
}

variable "project" {
  type = string
}

provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true

  endpoints {
    ecr = var.ecr_endpoint
    iam = var.endpoint
    sts = var.endpoint
  }

  default_tags {
    tags = { Team = "shop" }
  }

  # What ecr-steward writes to say whose a repository is.
  ignore_tags {
    key_prefixes = ["ecr-steward:"]
  }
}
