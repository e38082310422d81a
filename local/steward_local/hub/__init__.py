"""Security Hub: findings judged and kept as the real service judges and keeps them."""
