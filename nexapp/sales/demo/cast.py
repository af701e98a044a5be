"""Who the demo's sales team works on. Every number is one of those that are reserved for fiction."""

from __future__ import annotations

ZONES = {
    "+12125550121": "America/Chicago",
    "+12125550122": "America/New_York",
    "+12125550123": "America/Los_Angeles",
    "+12125550124": "Europe/London",
    "+12125550125": "America/Chicago",
}
"""Where the members live, by their numbers."""

FIRST = (
    "Maria", "John", "Aisha", "Peter", "Lucia", "Kenji", "Sofia", "Omar", "Grace", "Viktor", "Nadia", "Samuel",
    "Ingrid", "Mateo", "Priya", "Declan", "Yuki", "Carmen", "Elias", "Fatima", "Hugo", "Leila", "Marcus", "Noor",
    "Oscar", "Paula", "Quinn", "Rosa", "Stefan", "Tara", "Umar", "Vera", "Walter", "Xenia", "Yusuf", "Zoe", "Andre",
    "Bianca", "Cedric", "Dalia",
)  # fmt: skip
LAST = (
    "Garcia", "Doe", "Okafor", "Lindqvist", "Moretti", "Tanaka", "Petrov", "Haddad", "Kim", "Novak", "Rahman",
    "Adeyemi", "Larsen", "Rivera", "Shah", "Murphy", "Sato", "Delgado", "Fischer", "Aziz", "Conti", "Mansour",
    "Blake", "Siddiqui", "Silva", "Keller", "Walsh", "Duarte", "Weber", "Singh", "Farouk", "Stone", "Brandt", "Costa",
    "Demir", "Bennett", "Laurent", "Rossi", "Moreau", "Nasser", "Hughes", "Ivanova", "Jensen", "Khan", "Lopez",
    "Meyer", "Nguyen", "Olsen", "Park", "Reyes",
)  # fmt: skip
"""Every first name with every last one: 2,000 people."""

COMPANIES = (
    "Harbor Logistics", "Bright Dental", "Northwind Foods", "Cedar Clinics", "Atlas Freight", "Blue Oak Homes",
    "Summit Fitness", "Juniper Hotels", "Copperline Studio", "Lakeside Motors", "Redwood Legal", "Pioneer Schools",
    "Silver Creek Farms", "Beacon Insurance", "Orchard Labs", "Granite Builders", "Willow Spas", "Metro Print",
    "Quayside Books", "Foxglove Florists",
)  # fmt: skip
ROLES = ("Owner", "Office manager", "Founder", "Head of sales", "Buyer", "Director", "Assistant", "Operations manager")
PLACES = ("Chicago, IL", "Austin, TX", "Seattle, WA", "Denver, CO", "London, UK", "Boston, MA", "Phoenix, AZ")
SOURCES = ("Referral", "Website", "Trade fair", "LinkedIn", "Cold call", "Partner")
AREAS = (
    "212", "213", "214", "215", "216", "217", "218", "224", "239", "240", "248", "253", "256", "260", "267", "269",
    "276", "281", "301", "302",
)  # fmt: skip
