import strawberry
from strawberry import ID


@strawberry.interface(
    description="A thing with an id, which names it everywhere: here, in REST, in addresses and in events."
)
class Node:
    id: ID = strawberry.field(description="The id: a prefix that tells the kind, and 26 characters.")
