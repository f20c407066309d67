curl https://pichub.example/v1/upload \
  -H "Authorization: Bearer YOUR_API_TOKEN" \
  -F image=@harbour.jpg \
  -F description="The harbour at noon"
