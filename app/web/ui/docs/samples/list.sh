curl -G https://pichub.example/v1/images \
  -H "Authorization: Bearer YOUR_API_TOKEN" \
  -d per_page=50 -d format=jpg,png -d q=harbour
