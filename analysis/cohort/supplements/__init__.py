"""What people take in from dietary supplements and antacids, from the products that they name.

Products have contents (`contents`), people take servings of them (`records`), and what they take
adds up to an intake a day (`people`). `proof` holds the same computation against the CDC's own
totals, which exist from 2007 on.
"""
