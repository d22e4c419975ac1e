"""What families may do: who decides, what is said, and how every decision is explained."""
