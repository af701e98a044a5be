"""Who appears in the demo."""

from __future__ import annotations

from dataclasses import dataclass

from nexapp.spine.tenancy import Role


@dataclass(frozen=True, slots=True)
class Member:
    """A sign-in. `staff` is the name under which their time is booked, if it is."""

    phone: str
    name: str
    role: Role
    staff: str | None = None


@dataclass(frozen=True, slots=True)
class House:
    """One organisation of the demo."""

    name: str
    slug: str
    time_zone: str
    kind: str
    value_cents: int
    phone: str
    address: str
    members: tuple[Member, ...]
    staff: tuple[str, ...] = ()
    services: tuple[tuple[str, int, int], ...] = ()
    """Name, minutes, price in cents."""
    people: tuple[str, ...] = ()
    area: str = ""
    sleeps: bool = True
    """Whether it keeps quiet hours; where it doesn't, texts can be tried out at any hour: nobody real gets them."""


DENTAL_PEOPLE = (
    "Ana Morales", "Ben Carter", "Chloe Nguyen", "Daniel Okafor", "Elena Petrova", "Farid Haddad", "Grace Kim",
    "Hector Ruiz", "Imani Brooks", "Jonas Weber", "Kavya Rao", "Liam O'Brien", "Mei Lin", "Nadia Rahman", "Oscar Silva",
    "Priya Shah", "Quentin Moore", "Rosa Delgado", "Samuel Adeyemi", "Tara Singh", "Uma Iyer", "Victor Hale",
    "Wanda Kowalski", "Xavier Ortiz", "Yara Mansour", "Zoe Bennett", "Aaron Blake", "Bianca Rossi", "Caleb Foster",
    "Dina Aziz", "Erik Larsen", "Fatima Sow", "Gavin Pratt", "Hana Sato", "Isaac Cohen", "Jade Turner", "Kofi Mensah",
    "Lena Fischer", "Marco Conti", "Nora Walsh",
)  # fmt: skip

DENTAL = House(
    "Downtown Dental", "downtown-dental", "America/New_York", "business", 15_000, "+12125550100",
    "120 Broadway, New York, NY",
    members=(
        Member("+12125550101", "Dana Reyes", Role.OWNER),
        Member("+12125550102", "Alex Grant", Role.ADMIN),
        Member("+12125550103", "Morgan Lee", Role.MANAGER),
        Member("+12125550104", "John Smith", Role.STAFF, "Dr. Smith"),
        Member("+12125550105", "Robin Vale", Role.VIEWER),
    ),
    staff=("Dr. Smith", "Dr. Patel", "Maria Lopez"),
    services=(("Check-up", 30, 15_000), ("Cleaning", 45, 12_000), ("Whitening", 60, 28_000)),
    people=DENTAL_PEOPLE, area="+164655501", sleeps=False,
)  # fmt: skip

BARBERS = House(
    "Bayview Barbers", "bayview-barbers", "America/Los_Angeles", "business", 4500, "+14155550100",
    "88 Bay Street, San Francisco, CA",
    members=(Member("+12125550111", "Theo Park", Role.OWNER, "Theo"),),
    staff=("Theo", "Luz"),
    services=(("Haircut", 30, 4500), ("Beard trim", 15, 2500)),
    people=("Omar Reed", "Piper Hall", "Ravi Menon", "Sara Holt", "Tom Ivers", "Una Frost", "Vera Stone", "Will Chase"),
    area="+141555501",
)  # fmt: skip

SALES = House(
    "Summit Sales", "summit-sales", "America/Chicago", "sales", 7000, "+13125550100", "1 Wacker Drive, Chicago, IL",
    members=(
        Member("+12125550121", "Priscilla Dunn", Role.OWNER),
        Member("+12125550122", "Ray Cole", Role.STAFF),
        Member("+12125550123", "Mina Ortega", Role.MANAGER),
        Member("+12125550124", "Tom Ashby", Role.STAFF),
        Member("+12125550125", "Ivy Chen", Role.VIEWER),
    ),
)  # fmt: skip

HOUSES = (DENTAL, BARBERS, SALES)
ADMIN = Member("+12125550131", "Pat Admin", Role.NOBODY)
