curl "https://pichub.example/img/IMAGE_ID.webp?w=320&h=240&fit=cover" -o harbour-320.webp
