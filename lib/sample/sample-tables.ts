import type { DmsColumn, DmsValue } from './dms-column.ts';

/** A table of the sample database and its rows, in column order. MySQL declares no primary key; `id` is meant as one. */
export interface SampleTable {
  columns: readonly DmsColumn[];
  rows: readonly SampleRow[];
}

export type SampleRow = readonly DmsValue[];

export const STORE_COLUMNS: readonly DmsColumn[] = [
  int('id'),
  text('address1'),
  text('city'),
  text('state'),
  text('countrycode'),
  text('postcode'),
];

export const PRODUCT_COLUMNS: readonly DmsColumn[] = [
  int('id'),
  text('name'),
  text('dept'),
  text('category'),
  money('price'),
];

export const ORDER_COLUMNS: readonly DmsColumn[] = [
  int('id'),
  int('productid'),
  int('storeid'),
  int('qty'),
  money('soldprice'),
  { name: 'create_dt', type: { kind: 'date' } },
];

export const STORES: readonly SampleRow[] = [
  [1001, '300 Deschutes Way SW STE 304', 'Tumwater', 'WA', 'US', '98501'],
  [1002, '1600 Harbor Avenue', 'Seattle', 'WA', 'US', '98126'],
  [1003, '21 Market Square', 'Portland', 'OR', 'US', '97205'],
  [1004, '4500 Cañon Drive', 'Boulder', 'CO', 'US', '80301'],
  [1005, '78 Riverwalk, Unit 5 (rear)', 'San Antonio', 'TX', 'US', '78205'],
  [1006, '12 Commerce Street', 'Brooklyn', 'NY', 'US', '11201'],
  [1007, '990 Lakeshore Boulevard', 'Chicago', 'IL', 'US', '60611'],
  [1008, '3 Peachtree Plaza', 'Atlanta', 'GA', 'US', '30303'],
];

export const PRODUCTS: readonly SampleRow[] = [
  [1001, '55” 4K Ultra HD Smart TV', 'Electronics', 'Television', 59_999n],
  [1002, '65” 4K Ultra HD Smart TV (2018)', 'Electronics', 'Television', 89_999n],
  [1003, '32” HD TV, black', 'Electronics', 'Television', 17_950n],
  [1004, 'Soundbar 2.1, wireless subwoofer', 'Electronics', 'Audio', 19_900n],
  [1005, 'Headphones, noise cancelling (over-ear)', 'Electronics', 'Audio', 27_999n],
  [1006, 'Bluetooth® speaker', 'Electronics', 'Audio', 4_995n],
  [1007, '13.3” laptop, 8 GB, 256 GB', 'Computers', 'Laptop', 99_900n],
  [1008, '15.6” laptop, 16 GB, 512 GB (silver)', 'Computers', 'Laptop', 139_900n],
  [1009, '27” monitor, 2560 × 1440', 'Computers', 'Monitor', 32_999n],
  [1010, 'Mechanical keyboard', 'Computers', 'Accessory', 8_950n],
  [1011, 'USB-C hub, 7-in-1', 'Computers', 'Accessory', 3_499n],
  [1012, 'Portable drive, 2 TB', 'Computers', 'Storage', 6_999n],
  [1013, 'Espresso machine “Caffè”', 'Home', 'Kitchen', 24_900n],
  [1014, 'Stand mixer, 4.8 l (red)', 'Home', 'Kitchen', 34_999n],
  [1015, 'Crêpe pan, 28 cm', 'Home', 'Kitchen', 2_995n],
  [1016, 'Toaster, 2 slices', 'Home', 'Kitchen', 2_450n],
  [1017, 'Cordless vacuum', 'Home', 'Cleaning', 29_900n],
  [1018, 'Robot vacuum (Wi-Fi)', 'Home', 'Cleaning', 39_999n],
  [1019, 'LED desk lamp', 'Home', 'Lighting', 3_999n],
  [1020, 'Bulbs, E27, pack of 4', 'Home', 'Lighting', 1_299n],
  [1021, 'Running shoes, men’s', 'Sports', 'Footwear', 11_000n],
  [1022, 'Running shoes, women’s', 'Sports', 'Footwear', 11_000n],
  [1023, 'Yoga mat, 6 mm', 'Sports', 'Fitness', 2_599n],
  [1024, 'Kettlebell, 16 kg', 'Sports', 'Fitness', 5_450n],
  [1025, 'Thermos bottle, ½ l', 'Sports', 'Outdoor', 1_995n],
];

function int(name: string): DmsColumn {
  return { name, type: { kind: 'int32' } };
}

function text(name: string): DmsColumn {
  return { name, type: { kind: 'string' } };
}

/** decimal(10,2) */
function money(name: string): DmsColumn {
  return { name, type: { kind: 'decimal', precision: 10, scale: 2 } };
}
