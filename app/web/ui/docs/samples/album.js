const response = await fetch('https://pichub.example/v1/albums', {
  method: 'POST',
  headers: { Authorization: 'Bearer YOUR_API_TOKEN', 'Content-Type': 'application/json' },
  body: JSON.stringify({ name: 'Holidays', is_public: false }),
});
const { data: album } = await response.json();
console.log(response.status, album.id);
