int main(void) { char *name;
  name = make_name(1);
  return name == 0; }
