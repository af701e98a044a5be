"""Gateways: the only code that speaks to services outside the product.

Owns one package for each kind of service: a Protocol that the parts above depend on, the real client, and a
local stand-in where demo and tests need one. A gateway knows no table and no tenant. It raises its own
errors, which say what is known about the effect outside: refused, certainly not done, or not known.
"""
